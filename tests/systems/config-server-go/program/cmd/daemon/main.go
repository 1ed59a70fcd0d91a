// Polls the server for a while: `daemon -for 5s -poll 1s`.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"time"
)

func main() {
	duration := flag.Duration("for", time.Second, "how long")
	poll := flag.Duration("poll", time.Second, "how often")
	flag.Parse()
	for end := time.Now().Add(*duration); time.Now().Before(end); {
		answer, err := http.Get("http://127.0.0.1:8080/api/v1/config/version")
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		time.Sleep(*poll)
	}
}
