package cnitest

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// connKey is the context key of a request's connection.
type connKey struct{}

const maxRequestBody = 8 << 20

// serve takes a request through recording, faults and authentication to its handler.
func (s *APIServer) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxRequestBody)) // a client that goes away is not the server's problem
	index := s.begin(r, body)
	cw := &countingWriter{ResponseWriter: w, server: s}
	defer func() { s.end(index, cw.status) }()

	fault, delay := s.conditions(r)
	switch {
	case !s.sleep(r, delay):
	case fault != nil && fault.Kind != FaultSlow:
		fault.apply(s, cw, r)
	case !s.authenticated(r):
		writeStatus(cw, apierrors.NewUnauthorized("Unauthorized"))
	default:
		s.route(cw, r, body)
	}
}

// begin records that a request arrived, and returns its place in the record.
func (s *APIServer) begin(r *http.Request, body []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{
		Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Proto: r.Proto, Header: r.Header.Clone(), Body: string(body),
	})
	s.inFlight++
	s.maxSeen = max(s.maxSeen, s.inFlight)
	return len(s.requests) - 1
}

// end records what became of a request.
func (s *APIServer) end(index, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	done := &s.requests[index]
	done.Status = status
	done.Duration = time.Since(done.Time)
	if s.onAnswer != nil {
		s.onAnswer(*done)
	}
}

// conditions are what the request is to go through, and how long it waits before.
func (s *APIServer) conditions(r *http.Request) (*Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fault := s.takeFault(r.Method, r.URL.Path); fault != nil {
		return fault, s.latency + fault.Delay
	}
	return nil, s.latency
}

// sleep waits, and tells whether the request is still wanted afterwards.
func (s *APIServer) sleep(r *http.Request, d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
	case <-s.stopped:
	}
	return false
}

// authenticated tells whether the request brought the token.
func (s *APIServer) authenticated(r *http.Request) bool {
	s.mu.Lock()
	want := s.token
	s.mu.Unlock()
	return want == "" || r.Header.Get("Authorization") == "Bearer "+want
}

// route answers a request that was let in.
func (s *APIServer) route(w http.ResponseWriter, r *http.Request, body []byte) {
	res, isResource := parsePath(r.URL.Path)
	switch {
	case r.URL.Path == "/readyz" || r.URL.Path == "/livez" || r.URL.Path == "/healthz":
		writeText(w, http.StatusOK, "ok")
	case r.URL.Path == "/version":
		writeJSON(w, http.StatusOK, map[string]string{"major": "1", "minor": "34", "gitVersion": "v1.34.0", "platform": "linux/amd64"})
	case r.URL.Path == "/apis/k8s.cni.cncf.io/v1" && s.knows(r.URL.Path+"/"):
		writeJSON(w, http.StatusOK, discovery())
	case !isResource || !s.knows(r.URL.Path):
		writeText(w, http.StatusNotFound, "404 page not found\n")
	default:
		object, refusal := s.handle(r, res, body)
		status := http.StatusOK
		if r.Method == http.MethodPost {
			status = http.StatusCreated
		}
		if refusal != nil {
			writeStatus(w, refusal)
			return
		}
		writeJSON(w, status, object)
	}
}

// handle carries out what a request asks of a resource, and returns the answer.
func (s *APIServer) handle(r *http.Request, res resource, body []byte) (any, *apierrors.StatusError) {
	what := r.Method + " " + res.full()
	res.sub = ""
	switch {
	case r.Method == http.MethodGet && res.name != "":
		return s.get(r, res)
	case r.Method == http.MethodGet:
		return s.list(r, res)
	case what == "PATCH pods" || what == "PATCH pods/status":
		return s.patch(r, res, body)
	case what == "PATCH nodes":
		return s.patchNode(r, res, body)
	case what == "DELETE pods":
		return s.deletePod(res, body)
	case what == "POST events":
		return s.create(res, body)
	case what == "POST serviceaccounts/token":
		return s.createToken(res, body)
	case what == "POST selfsubjectaccessreviews":
		return s.review(body)
	}
	return nil, byCode(http.StatusMethodNotAllowed, r.Method, res)
}

// countingWriter notes the status and how much of the body was taken.
type countingWriter struct {
	http.ResponseWriter
	server *APIServer
	status int
}

// WriteHeader notes the status.
func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write counts what was written.
func (w *countingWriter) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(data)
	w.server.written.Add(int64(n))
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func writeJSON(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		writeText(w, http.StatusInternalServerError, err.Error())
		return
	}
	write(w, status, "application/json", data)
}

func writeText(w http.ResponseWriter, status int, text string) {
	write(w, status, "text/plain; charset=utf-8", []byte(text))
}

func write(w http.ResponseWriter, status int, contentType string, data []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that goes away is not the server's problem
}
