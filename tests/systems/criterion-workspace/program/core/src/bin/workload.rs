//! What the service keeps in memory, for `/usr/bin/time -v`.

use core_of_a_shop::{EventBus, Load, TenantCache};

fn main() {
    let load = Load::from_env();
    let tenants = 1_500_000 * (100 + u64::from(load.percent())) / 100;
    let mut caches = Vec::new();
    for number in 0..tenants / 1000 {
        let mut cache = TenantCache::new(1000);
        (0..1000).for_each(|tenant| cache.insert(number * 1000 + tenant, 1));
        caches.push(cache);
    }
    let mut bus = EventBus::default();
    bus.publish(70, "order placed");
    println!("{} caches, {} letters", caches.len(), bus.seen());
}
