// Stands for vegeta where it cannot be had: `vegeta attack` asks at a fixed rate and writes what `vegeta report -type=json`
// would write, and `vegeta report` passes that on.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

type target struct {
	method, url string
	body        []byte
}

func targets(path string) []target {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	var all []target
	for _, part := range strings.Split(string(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		method, url, _ := strings.Cut(lines[0], " ")
		next := target{method: method, url: url}
		if len(lines) > 1 {
			if next.body, err = os.ReadFile(strings.TrimPrefix(lines[1], "@")); err != nil {
				log.Fatal(err)
			}
		}
		all = append(all, next)
	}
	return all
}

type latencies struct {
	Total int64 `json:"total"`
	Mean  int64 `json:"mean"`
	P50   int64 `json:"50th"`
	P90   int64 `json:"90th"`
	P95   int64 `json:"95th"`
	P99   int64 `json:"99th"`
	Max   int64 `json:"max"`
	Min   int64 `json:"min"`
}

type transfer struct {
	Total int     `json:"total"`
	Mean  float64 `json:"mean"`
}

type report struct {
	Latencies  latencies      `json:"latencies"`
	In         transfer       `json:"bytes_in"`
	Out        transfer       `json:"bytes_out"`
	Earliest   time.Time      `json:"earliest"`
	Latest     time.Time      `json:"latest"`
	End        time.Time      `json:"end"`
	Duration   int64          `json:"duration"`
	Wait       int64          `json:"wait"`
	Requests   int            `json:"requests"`
	Rate       float64        `json:"rate"`
	Throughput float64        `json:"throughput"`
	Success    float64        `json:"success"`
	Codes      map[string]int `json:"status_codes"`
	Errors     []string       `json:"errors"`
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "report" {
		io.Copy(os.Stdout, os.Stdin)
		return
	}
	flags := flag.NewFlagSet("attack", flag.ExitOnError)
	path := flags.String("targets", "", "file of targets")
	rate := flags.Int("rate", 50, "requests a second")
	duration := flags.Duration("duration", time.Second, "how long")
	flags.Parse(os.Args[2:])
	all := targets(*path)
	result := report{Codes: map[string]int{}, Errors: []string{}, Earliest: time.Now()}
	var took []int64
	var mutex sync.Mutex
	var group sync.WaitGroup
	succeeded, seen := 0, map[string]bool{}
	count := int(duration.Seconds() * float64(*rate))
	for number := 0; number < count; number++ {
		time.Sleep(time.Until(result.Earliest.Add(time.Duration(number) * time.Second / time.Duration(*rate))))
		result.Latest = time.Now()
		group.Add(1)
		go func(to target) {
			defer group.Done()
			start, code, read, why := time.Now(), 0, 0, ""
			request, _ := http.NewRequest(to.method, to.url, bytes.NewReader(to.body))
			answer, err := http.DefaultClient.Do(request)
			if err == nil {
				text, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				if code, read = answer.StatusCode, len(text); code >= 400 {
					why = answer.Status
				}
			} else {
				why = err.Error()
			}
			end := time.Now()
			mutex.Lock()
			defer mutex.Unlock()
			took = append(took, end.Sub(start).Nanoseconds())
			result.Codes[strconv.Itoa(code)]++
			result.In.Total += read
			result.Out.Total += len(to.body)
			if why == "" {
				succeeded++
			} else if !seen[why] {
				seen[why] = true
				result.Errors = append(result.Errors, why)
			}
			if end.After(result.End) {
				result.End = end
			}
		}(all[number%len(all)])
	}
	group.Wait()
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	at := func(share float64) int64 { return took[int(share*float64(len(took)-1))] }
	for _, each := range took {
		result.Latencies.Total += each
	}
	result.Latencies.Mean = result.Latencies.Total / int64(count)
	result.Latencies.P50, result.Latencies.P90, result.Latencies.P95 = at(0.5), at(0.9), at(0.95)
	result.Latencies.P99, result.Latencies.Max, result.Latencies.Min = at(0.99), at(1), at(0)
	result.In.Mean, result.Out.Mean = float64(result.In.Total)/float64(count), float64(result.Out.Total)/float64(count)
	result.Duration = result.Latest.Sub(result.Earliest).Nanoseconds()
	result.Wait = result.End.Sub(result.Latest).Nanoseconds()
	result.Requests = count
	result.Rate = float64(count) / result.Latest.Sub(result.Earliest).Seconds()
	result.Throughput = float64(succeeded) / result.End.Sub(result.Earliest).Seconds()
	result.Success = float64(succeeded) / float64(count)
	result.Earliest, result.Latest, result.End = result.Earliest.UTC(), result.Latest.UTC(), result.End.UTC()
	json.NewEncoder(os.Stdout).Encode(result)
}
