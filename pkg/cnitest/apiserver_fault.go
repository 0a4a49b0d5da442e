package cnitest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a Fault can do to a request.
const (
	FaultStatus   = "status"   // answers with Status, the default
	FaultHang     = "hang"     // never answers
	FaultReset    = "reset"    // breaks the connection
	FaultAbort    = "abort"    // ends the request alone, the connection stays
	FaultGarbage  = "garbage"  // answers 200 with something that is no JSON
	FaultTruncate = "truncate" // answers 200 and breaks off inside the body
	FaultBig      = "big"      // answers 200 with a body of 10 MB
	FaultSlow     = "slow"     // waits for Delay, then answers as ever
)

// Fault is something that goes wrong with requests.
type Fault struct {
	Method string        // empty: any
	Path   string        // a * stands for any text, slashes too; empty: any path
	Times  int           // how often; 0: for ever
	Kind   string        // one of the constants
	Status int           // for FaultStatus
	Body   string        // for FaultStatus: instead of the Status object, as text
	Retry  int           // for FaultStatus: the seconds of Retry-After
	Delay  time.Duration // waited before whatever is done
}

// Fail injects a fault. Of several that fit a request the first one counts.
func (s *APIServer) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes all faults away.
func (s *APIServer) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// ParseFault reads a fault from text such as "429 GET */pods/* times=2 retry=1":
// a status code or a kind, then, in any order, a method, a path and options.
func ParseFault(text string) (Fault, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Fault{}, errEmptyFault
	}
	f := Fault{Kind: words[0]}
	if code, err := strconv.Atoi(words[0]); err == nil {
		f.Kind, f.Status = FaultStatus, code
	}
	var faults []error
	for _, word := range words[1:] {
		faults = append(faults, f.option(word))
	}
	if !f.known() {
		faults = append(faults, fmt.Errorf("%q is no status code and no kind of fault", words[0]))
	}
	if err := errors.Join(faults...); err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

var errEmptyFault = errors.New("fault: a status code or a kind is expected")

// known tells whether the server can do what the fault asks for.
func (f *Fault) known() bool {
	switch f.Kind {
	case FaultStatus:
		return f.Status >= 200 && f.Status <= 599
	case FaultHang, FaultReset, FaultAbort, FaultGarbage, FaultTruncate, FaultBig, FaultSlow:
		return true
	}
	return false
}

// option reads one word of a fault's text.
func (f *Fault) option(word string) (err error) {
	key, value, isOption := strings.Cut(word, "=")
	switch {
	case isOption && key == "times":
		f.Times, err = strconv.Atoi(value)
	case isOption && key == "retry":
		f.Retry, err = strconv.Atoi(value)
	case isOption && key == "delay":
		f.Delay, err = time.ParseDuration(value)
	case strings.HasPrefix(word, "/") || strings.HasPrefix(word, "*"):
		f.Path = word
	case word == strings.ToUpper(word) && !isOption:
		f.Method = word
	default:
		err = fmt.Errorf("%q is no option, method or path", word)
	}
	return err
}

// takeFault is the fault for a request; the caller holds the lock.
func (s *APIServer) takeFault(method, path string) *Fault {
	for i, f := range s.faults {
		if !f.matches(method, path) {
			continue
		}
		hit := *f
		if f.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		f.Times--
		return &hit
	}
	return nil
}

// matches tells whether the fault is for such a request.
func (f *Fault) matches(method, path string) bool {
	return (f.Method == "" || f.Method == method) && (f.Path == "" || glob(f.Path, path))
}

// glob matches text against a pattern in which * stands for any text.
func glob(pattern, text string) bool {
	expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("^" + expression + "$").MatchString(text)
}

// apply does to the request what the fault says.
func (f *Fault) apply(s *APIServer, w http.ResponseWriter, r *http.Request) {
	switch f.Kind {
	case FaultHang:
		select {
		case <-r.Context().Done():
		case <-s.stopped:
		}
	case FaultReset:
		reset(r)
		panic(http.ErrAbortHandler)
	case FaultAbort:
		panic(http.ErrAbortHandler)
	case FaultGarbage:
		writeText(w, http.StatusOK, "<html>\x00 welcome to the hotel's wireless network \xff")
	case FaultTruncate:
		writeText(w, http.StatusOK, `{"metadata":{"name":"`)
		_ = http.NewResponseController(w).Flush() // what counts is that the rest never comes
		panic(http.ErrAbortHandler)
	case FaultBig:
		writeBig(w)
	default:
		f.answer(w, r)
	}
}

// answer refuses the request with the fault's status.
func (f *Fault) answer(w http.ResponseWriter, r *http.Request) {
	if f.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.Retry))
	}
	if f.Body != "" {
		writeText(w, f.Status, f.Body)
		return
	}
	res, _ := parsePath(r.URL.Path)
	refusal := byCode(f.Status, strings.ToLower(r.Method), res)
	if f.Retry > 0 {
		refusal.ErrStatus.Details = &metav1.StatusDetails{RetryAfterSeconds: int32(f.Retry)}
	}
	writeStatus(w, refusal)
}

// bigBody is how much FaultBig tries to send.
const bigBody = 10 << 20

// writeBig sends a well-formed object of bigBody bytes, as far as the client takes it.
func writeBig(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	_, err := w.Write([]byte(`{"metadata":{"name":"`))
	for sent := 0; sent < bigBody && err == nil; sent += len(chunk) {
		_, err = w.Write(chunk)
	}
	_, _ = w.Write([]byte(`"}}`)) // the client may have left long ago
}

// reset makes the client's system see a connection reset.
func reset(r *http.Request) {
	conn, _ := r.Context().Value(connKey{}).(net.Conn)
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the close below is merely polite
		_ = tcp.Close()
	}
}
