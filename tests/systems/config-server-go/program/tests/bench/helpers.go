// Package bench measures the database and the processes. What clients see is measured by ab, wrk and vegeta.
package bench

import (
	"fmt"
	"sort"
	"sync"
	"testing"
	"time"

	"example.org/configserver/server"
)

// Seeded returns a store of this many nodes.
func Seeded(count int) *server.Store {
	store := server.NewStore()
	store.Insert(Nodes(count)...)
	return store
}

// Nodes makes nodes of one cluster.
func Nodes(count int) []server.Node {
	nodes := make([]server.Node, count)
	for number := range nodes {
		nodes[number] = server.Node{ID: fmt.Sprint(number), Cluster: "main", Name: fmt.Sprint("node ", number)}
	}
	return nodes
}

// Latencies runs queries from four clients at once, and reports their percentiles and how many there were in a second.
func Latencies(b *testing.B, rate string, query func()) {
	var mutex sync.Mutex
	var all []time.Duration
	b.ReportAllocs()
	b.SetParallelism(2)
	b.RunParallel(func(next *testing.PB) {
		var own []time.Duration
		for next.Next() {
			start := time.Now()
			query()
			own = append(own, time.Since(start))
		}
		mutex.Lock()
		defer mutex.Unlock()
		all = append(all, own...)
	})
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	for _, percent := range []int{50, 95, 99} {
		at := (len(all) - 1) * percent / 100
		b.ReportMetric(float64(all[at].Nanoseconds()), fmt.Sprintf("p%d-ns", percent))
	}
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), rate)
}
