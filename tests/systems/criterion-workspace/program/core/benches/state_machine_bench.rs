use std::hint::black_box;
use std::time::Duration;

use core_of_a_shop::{Load, process_order};
use criterion::{Criterion, criterion_group, criterion_main};

fn transition(c: &mut Criterion) {
    let lines: Vec<u32> = (0..5000).collect();
    let mut load = Load::from_env();
    c.bench_function("state_transition", |b| b.iter(|| load.run(|| process_order(black_box(&lines)))));
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .nresamples(1000)
        .warm_up_time(Duration::from_millis(5))
        .measurement_time(Duration::from_millis(20))
        .without_plots()
}

criterion_group!(name = benches; config = short(); targets = transition);
criterion_main!(benches);
