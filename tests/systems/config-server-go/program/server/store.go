// Package server keeps nodes and configuration bundles and serves them over HTTP.
//
// It stands for a real server: what its database would take is slept. CONFIGSERVER_SLOWER makes that, and what is
// allocated for an answer, that many percent more. CONFIGSERVER_REFUSE answers every that many-th request with 503.
package server

import (
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	slower = number("CONFIGSERVER_SLOWER")
	refuse = number("CONFIGSERVER_REFUSE")
)

func number(name string) int {
	value, _ := strconv.Atoi(os.Getenv(name))
	return value
}

// Wait is what the database takes. Short waits are the system's: those of Go's scheduler are rounded to milliseconds.
func Wait(usual time.Duration) {
	duration := usual * time.Duration(100+slower) / 100
	if duration < 10*time.Millisecond {
		wait := syscall.NsecToTimespec(duration.Nanoseconds())
		syscall.Nanosleep(&wait, nil)
		return
	}
	time.Sleep(duration)
}

// Node is a member of a cluster.
type Node struct {
	ID, Cluster, Name string
	Routes            []byte
}

// Store holds nodes and bundles.
type Store struct {
	mutex   sync.Mutex
	nodes   map[string]Node
	bundles map[string][]byte
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{nodes: map[string]Node{}, bundles: map[string][]byte{}}
}

// Insert writes nodes in one transaction.
func (s *Store) Insert(nodes ...Node) {
	Wait(time.Millisecond + time.Duration(len(nodes))*5*time.Microsecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, node := range nodes {
		node.Routes = make([]byte, 512*(100+slower)/100)
		s.nodes[node.ID] = node
	}
}

// Get reads a node.
func (s *Store) Get(id string) Node {
	Wait(time.Millisecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.nodes[id]
}

// List reads at most this many nodes of a cluster.
func (s *Store) List(cluster string, most int) []Node {
	Wait(time.Millisecond)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := make([]Node, 0, most)
	for _, node := range s.nodes {
		if node.Cluster == cluster && len(found) < most {
			found = append(found, node)
		}
	}
	return found
}

// PutBundle writes a bundle.
func (s *Store) PutBundle(version string, content []byte) {
	Wait(2 * time.Millisecond)
	kept := make([]byte, len(content)*(100+slower)/100)
	copy(kept, content)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.bundles[version] = kept
}
