package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"example.org/configserver/server"
)

// lighthouse starts a lighthouse and waits until it is ready.
func lighthouse(b *testing.B) *exec.Cmd {
	command := exec.Command(os.Getenv("LIGHTHOUSE"), "-for", "1m")
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		b.Fatal("the lighthouse said nothing")
	}
	return command
}

// From a change at the server until a daemon that polls has seen it.
func BenchmarkConfigDetection(b *testing.B) {
	store := server.NewStore()
	for i := 0; i < b.N; i++ {
		version := fmt.Sprint("v", i)
		time.AfterFunc(75*time.Millisecond, func() { store.Insert(server.Node{ID: version}) })
		for store.Get(version).ID == "" {
			server.Wait(50 * time.Millisecond)
		}
	}
}

// From a change of the configuration until the lighthouse runs with it: seen by polling, then a restart.
func BenchmarkLighthouseRestart(b *testing.B) {
	file := filepath.Join(b.TempDir(), "config")
	b.StopTimer()
	for i := 0; i < b.N; i++ {
		running := lighthouse(b)
		if err := os.WriteFile(file, []byte("new"), 0o600); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for {
			time.Sleep(20 * time.Millisecond)
			if _, err := os.Stat(file); err == nil {
				break
			}
		}
		running.Process.Kill()
		running.Wait()
		again := lighthouse(b)
		b.StopTimer()
		again.Process.Kill()
		again.Wait()
	}
}
