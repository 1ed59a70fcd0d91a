// Serves the API on 127.0.0.1:8080.
package main

import (
	"log"
	"net/http"

	"example.org/configserver/server"
)

func main() {
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", server.Handler(server.NewStore())))
}
