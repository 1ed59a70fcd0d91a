package bench

import (
	"fmt"
	"testing"

	"example.org/configserver/server"
)

func BenchmarkNodeInsert(b *testing.B) {
	for _, count := range []int{1, 10, 100, 1000} {
		nodes := Nodes(count)
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			b.ReportAllocs()
			store := server.NewStore()
			for i := 0; i < b.N; i++ {
				store.Insert(nodes...)
			}
			b.ReportMetric(float64(b.N*count)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

func BenchmarkNodeQuery(b *testing.B) {
	store := Seeded(1000)
	b.Run("by=id", func(b *testing.B) { Latencies(b, "reads/s", func() { store.Get("500") }) })
	b.Run("by=cluster", func(b *testing.B) { Latencies(b, "reads/s", func() { store.List("main", 10) }) })
	b.Run("by=page", func(b *testing.B) { Latencies(b, "reads/s", func() { store.List("main", 50) }) })
}

func BenchmarkBundleInsert(b *testing.B) {
	for _, kilobytes := range []int{100, 1000, 5000, 10000} {
		content := make([]byte, kilobytes*1000)
		b.Run(fmt.Sprintf("kB=%d", kilobytes), func(b *testing.B) {
			b.ReportAllocs()
			store := server.NewStore()
			for i := 0; i < b.N; i++ {
				store.PutBundle("v1", content)
			}
		})
	}
}
