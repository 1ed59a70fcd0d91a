use std::hint::black_box;
use std::time::Duration;

use core_of_a_shop::{Load, TenantCache};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn insert(c: &mut Criterion) {
    let mut group = c.benchmark_group("cache_insert");
    for size in [100_usize, 1000, 10_000] {
        group.bench_with_input(BenchmarkId::from_parameter(size), &size, |b, &size| {
            let (mut cache, load, mut tenant) = (TenantCache::new(size), Load::from_env(), 0_u64);
            b.iter(|| {
                load.step(|| {
                    tenant += 1;
                    cache.insert(black_box(tenant), black_box(7));
                });
            });
        });
    }
    group.finish();
}

fn get(c: &mut Criterion) {
    let mut cache = TenantCache::new(1000);
    cache.insert(5, 7);
    let load = Load::from_env();
    c.bench_function("cache_get_hit", |b| b.iter(|| load.step(|| cache.get(black_box(5)))));
    c.bench_function("cache_get_miss", |b| b.iter(|| load.step(|| cache.get_or_make(black_box(6)))));
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .nresamples(1000)
        .warm_up_time(Duration::from_millis(5))
        .measurement_time(Duration::from_millis(20))
        .without_plots()
}

criterion_group!(name = benches; config = short(); targets = insert, get);
criterion_main!(benches);
