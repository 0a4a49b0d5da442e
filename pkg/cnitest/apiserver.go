package cnitest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// APIServer is a Kubernetes API server as far as Multus can tell: HTTPS and
// HTTP/2, bearer tokens, pods, networks and events in memory, and the answers,
// refusals and misbehaviour of a real one. It records every request. The zero
// value is of no use; see StartAPIServer and NewAPIServer.
type APIServer struct {
	server  *httptest.Server
	stopped chan struct{}
	conns   atomic.Int64
	written atomic.Int64

	mu        sync.Mutex
	token     string
	latency   time.Duration
	objects   map[string]json.RawMessage // by path, as in Object
	events    []json.RawMessage
	requests  []Request
	faults    []*Fault
	version   int
	inFlight  int
	maxSeen   int
	onAnswer  func(Request)
	permits   map[string]bool
	withdrawn string // a group of APIs
}

// Request is one request that the server has seen.
type Request struct {
	Time     time.Time     `json:"time"`
	Method   string        `json:"method"`
	Path     string        `json:"path"`
	Query    string        `json:"query,omitempty"`
	Proto    string        `json:"proto"`
	Header   http.Header   `json:"header"`
	Body     string        `json:"body,omitempty"`
	Status   int           `json:"status,omitempty"` // 0: it was never answered
	Duration time.Duration `json:"duration"`
}

// StartAPIServer starts a server on the address, one of the system's choice on
// 127.0.0.1 where it is empty. The server's certificate is for 127.0.0.1 and
// ::1. Without SetToken every request is let in.
func StartAPIServer(address string) (*APIServer, error) {
	s := &APIServer{
		stopped: make(chan struct{}),
		objects: map[string]json.RawMessage{},
		permits: granted(),
	}
	listener, err := net.Listen("tcp", cmp.Or(address, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("fake API server: %w", err)
	}
	s.server = &httptest.Server{Listener: listener, EnableHTTP2: true, Config: &http.Server{
		Handler:  http.HandlerFunc(s.serve),
		ErrorLog: log.New(io.Discard, "", 0), // it is all about connections broken on purpose
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			s.conns.Add(1)
			return context.WithValue(ctx, connKey{}, c)
		},
	}}
	s.server.StartTLS()
	return s, nil
}

// NewAPIServer starts a server for one test, which is stopped with it, and puts
// the objects, JSON each, into it. It asks for Token.
func NewAPIServer(t testing.TB, objects ...string) *APIServer {
	t.Helper()
	s, err := StartAPIServer("")
	Must(t, err)
	t.Cleanup(s.Close)
	s.SetToken(Token)
	for _, object := range objects {
		Must(t, s.Put([]byte(object)))
	}
	return s
}

// Token is what a server for tests asks for until SetToken says otherwise.
const Token = "initial-bearer-token"

// Close stops the server, and ends requests that hang in it.
func (s *APIServer) Close() {
	select {
	case <-s.stopped:
		return
	default:
	}
	close(s.stopped)
	s.server.CloseClientConnections()
	s.server.Close()
}

// URL is the server's address: https://127.0.0.1:6443.
func (s *APIServer) URL() string { return s.server.URL }

// SetToken sets the bearer token that requests must bring; empty for none.
func (s *APIServer) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// SetLatency makes every answer take at least so long.
func (s *APIServer) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// OnAnswer has fn called, in order, with every request that was dealt with.
func (s *APIServer) OnAnswer(fn func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onAnswer = fn
}

// Requests are all requests that arrived so far, in order.
func (s *APIServer) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Matching are the requests so far whose method and path match as a Fault's do.
func (s *APIServer) Matching(method, path string) []Request {
	var found []Request
	f := Fault{Method: method, Path: path}
	for _, r := range s.Requests() {
		if f.matches(r.Method, r.Path) {
			found = append(found, r)
		}
	}
	return found
}

// Connections is how many TCP connections were accepted so far.
func (s *APIServer) Connections() int { return int(s.conns.Load()) }

// Written is how many bytes of response bodies the server got rid of so far.
func (s *APIServer) Written() int64 { return s.written.Load() }

// MaxInFlight is the highest number of requests that were in work at one time.
func (s *APIServer) MaxInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.maxSeen
}
