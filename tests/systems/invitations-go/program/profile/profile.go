// Package profile sends invitations in batches, reads and writes them as CSV, and revokes devices.
//
// It stands for a real system: what a remote service would take is slept. INVITATIONS_SLOWER makes each revocation that
// many percent slower and each invitation that many percent larger, INVITATIONS_LOCKED=1 lets one worker at a time reach the
// service, INVITATIONS_FAIL=1 lets revocations time out.
package profile

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	slower = percent("INVITATIONS_SLOWER")
	locked = os.Getenv("INVITATIONS_LOCKED") != ""
	fails  = os.Getenv("INVITATIONS_FAIL") != ""
	gate   sync.Mutex
)

func percent(name string) int {
	value, _ := strconv.Atoi(os.Getenv(name))
	return value
}

// Invitation is one row.
type Invitation struct {
	Name, Email, Token string
	Body               [][]byte
}

// call is what the service takes. It is the system that sleeps: Go's own timers are rounded to milliseconds.
func call(slower int) {
	if locked {
		gate.Lock()
		defer gate.Unlock()
	}
	duration := time.Millisecond + time.Duration(slower)*10*time.Microsecond
	wait := syscall.NsecToTimespec(duration.Nanoseconds())
	syscall.Nanosleep(&wait, nil)
}

func invite(number int) Invitation {
	sum := sha256.Sum256([]byte(strconv.Itoa(number)))
	return Invitation{Name: "user", Email: "user@example.org", Token: hex.EncodeToString(sum[:])}
}

// letter is what an invited user gets: text, picture and form.
func letter(token string) [][]byte {
	parts := make([][]byte, 3)
	for number := range parts {
		parts[number] = make([]byte, 20_300*(100+slower)/100)
		copy(parts[number], token)
	}
	if slower >= 50 {
		return [][]byte{bytes.Join(parts, nil)}
	}
	return parts
}

func spread(size, workers int, work func(int) error) error {
	var group sync.WaitGroup
	next := make(chan int, size)
	failed := make(chan error, size)
	for number := 0; number < size; number++ {
		next <- number
	}
	close(next)
	for worker := 0; worker < workers; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := range next {
				if err := work(number); err != nil {
					failed <- err
				}
			}
		}()
	}
	group.Wait()
	close(failed)
	return <-failed
}

// Create makes and sends this many invitations with this many workers.
func Create(size, workers int) ([]Invitation, error) {
	made := make([]Invitation, size)
	err := spread(size, workers, func(number int) error {
		made[number] = invite(number)
		made[number].Body = letter(made[number].Token)
		call(0)
		return nil
	})
	return made, err
}

// Revoke revokes this many devices with this many workers.
func Revoke(size, workers int) error {
	return spread(size, workers, func(number int) error {
		call(slower)
		if fails && number == size-1 && size == 100 {
			return errors.New("revoke: device 99: request timed out")
		}
		return nil
	})
}

// Export writes invitations as CSV.
func Export(rows []Invitation) ([]byte, error) {
	var out bytes.Buffer
	writer := csv.NewWriter(&out)
	for number, row := range rows {
		if err := writer.Write([]string{fmt.Sprint(number), row.Name, row.Email, row.Token}); err != nil {
			return nil, err
		}
	}
	writer.Flush()
	return out.Bytes(), writer.Error()
}

// Import reads what Export wrote.
func Import(text []byte) ([]Invitation, error) {
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	rows := make([]Invitation, 0, len(records))
	for number, record := range records {
		row := invite(number)
		row.Name, row.Email = record[1], record[2]
		rows = append(rows, row)
	}
	return rows, nil
}
