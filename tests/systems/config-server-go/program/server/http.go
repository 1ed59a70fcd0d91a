package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Handler answers the API.
func Handler(store *Store) http.Handler {
	bundle := make([]byte, 1<<20)
	var requests atomic.Int64
	mux := http.NewServeMux()
	on := func(path string, usual time.Duration, answer http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			Wait(usual)
			if refuse > 0 && requests.Add(1)%int64(refuse) == 0 {
				http.Error(w, "database is locked", http.StatusServiceUnavailable)
				return
			}
			answer(w, r)
		})
	}
	on("/api/v1/config/version", 40*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"version": 42}`)
	})
	on("/api/v1/config/bundle", 300*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
		w.Write(bundle)
	})
	on("/api/v1/nodes", 40*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			var node Node
			text, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(text, &node); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusCreated)
			return
		}
		fmt.Fprintln(w, `[{"id": "n1"}, {"id": "n2"}]`)
	})
	on("/api/v1/topology", 50*time.Millisecond, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"routes": [], "lighthouses": [], "relays": []}`)
	})
	return mux
}
