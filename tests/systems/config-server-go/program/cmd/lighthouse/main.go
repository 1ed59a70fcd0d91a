// Runs a lighthouse for a while: `lighthouse -for 5s`. It says when it is ready.
package main

import (
	"flag"
	"fmt"
	"time"

	"example.org/configserver/server"
)

func main() {
	duration := flag.Duration("for", time.Second, "how long")
	flag.Parse()
	server.Wait(100 * time.Millisecond)
	fmt.Println("ready")
	for end := time.Now().Add(*duration); time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
}
