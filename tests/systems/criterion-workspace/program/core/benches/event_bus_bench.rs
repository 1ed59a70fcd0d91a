use std::hint::black_box;
use std::time::Duration;

use core_of_a_shop::{EventBus, Load};
use criterion::{Criterion, criterion_group, criterion_main};

fn publish(c: &mut Criterion) {
    let payload = "an order was placed; ".repeat(200);
    let (mut bus, mut load) = (EventBus::default(), Load::from_env());
    c.bench_function("event_publish", |b| b.iter(|| load.run(|| bus.publish(black_box(70), black_box(&payload)))));
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .nresamples(1000)
        .warm_up_time(Duration::from_millis(5))
        .measurement_time(Duration::from_millis(20))
        .without_plots()
}

criterion_group!(name = benches; config = short(); targets = publish);
criterion_main!(benches);
