package profile

import (
	"fmt"
	"testing"
)

// measure runs one case and says how often it was done in a second.
func measure(b *testing.B, name string, work func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			if err := work(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/sec")
	})
}

func BenchmarkBatchInvitationCreation(b *testing.B) {
	for _, size := range []int{1, 10, 50, 100} {
		for _, workers := range []int{1, 2, 5, 10, 20} {
			name := fmt.Sprintf("Size_%d_Concurrency_%d", size, workers)
			measure(b, name, func() error { _, err := Create(size, workers); return err })
		}
	}
}

func BenchmarkBatchInvitationImport(b *testing.B) {
	for _, size := range []int{10, 100, 500, 1000} {
		text, err := Export(make([]Invitation, size))
		if err != nil {
			b.Fatal(err)
		}
		measure(b, fmt.Sprintf("Import_Size_%d", size), func() error { _, err := Import(text); return err })
	}
}

func BenchmarkBatchInvitationExport(b *testing.B) {
	for _, size := range []int{10, 100, 500, 1000} {
		rows := make([]Invitation, size)
		measure(b, fmt.Sprintf("Export_Size_%d", size), func() error { _, err := Export(rows); return err })
	}
}

func BenchmarkDeviceOperations(b *testing.B) {
	for _, size := range []int{1, 10, 50, 100} {
		for _, workers := range []int{1, 5, 10} {
			name := fmt.Sprintf("Size_%d_Concurrency_%d", size, workers)
			measure(b, name, func() error { return Revoke(size, workers) })
		}
	}
}
