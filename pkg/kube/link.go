package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of a connection that no deadline of a request covers: net/http goes on
// connecting for the benefit of later requests when a request is given up.
const (
	dialTimeout = 10 * time.Second
	idleTimeout = 30 * time.Second
)

// link is one connection to the API server.
type link struct {
	http  *http.Client
	close func()        // drops the connection as soon as no request uses it
	open  atomic.Bool   // there is a connection; requests need not wait for one
	turn  chan struct{} // held by the request that connects
	cut   atomic.Bool   // the other side broke a connection off
}

// newLink prepares a connection; it is opened by the first request.
func newLink(e *endpoint) (*link, error) {
	l := &link{turn: make(chan struct{}, 1)}
	transport := &http.Transport{
		Proxy:               e.proxy,
		DialContext:         l.dial,
		TLSClientConfig:     e.tls.Clone(), // net/http writes into it
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: maxInFlight, // where a server or proxy speaks HTTP/1.1 alone
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // unpacking costs more than a LAN's bandwidth
	}
	wrapped, err := e.wrap(transport)
	if err != nil {
		return nil, err
	}
	l.http = &http.Client{Transport: wrapped, CheckRedirect: stay}
	l.close = transport.CloseIdleConnections // client-go's wrappers would not pass it on
	return l, nil
}

// dial connects.
func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return watched{Conn: conn, cut: &l.cut}, nil
}

// stay keeps requests, and the credentials they carry, from going elsewhere.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// do sends a request. Until there is a connection requests go one by one: each
// of several at once would make a connection of its own, and a TLS handshake
// costs more than all the rest together. connected tells how far it got.
func (l *link) do(req *http.Request) (resp *http.Response, connected bool, err error) {
	ctx := req.Context()
	release := func() {}
	if !l.open.Load() {
		select {
		case l.turn <- struct{}{}:
			var done atomic.Bool
			release = func() {
				if done.CompareAndSwap(false, true) {
					<-l.turn
				}
			}
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	defer release()
	var got atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		got.Store(true)
		l.open.Store(true)
		release()
	}}
	resp, err = l.http.Do(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	return resp, got.Load(), err
}

// reason is why a request had no answer. net/http tells one of the requests on a
// connection that it was reset, and the others that it closed it.
func (l *link) reason(err error) error {
	if l.cut.Load() {
		return fmt.Errorf("%w: %w", syscall.ECONNRESET, err)
	}
	return err
}

// watched is a connection that remembers that the other side broke it off.
type watched struct {
	net.Conn
	cut *atomic.Bool
}

// Read is the connection's.
func (w watched) Read(data []byte) (int, error) {
	n, err := w.Conn.Read(data)
	return n, w.watch(err)
}

// Write is the connection's.
func (w watched) Write(data []byte) (int, error) {
	n, err := w.Conn.Write(data)
	return n, w.watch(err)
}

func (w watched) watch(err error) error {
	if err != nil && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		w.cut.Store(true)
	}
	return err
}
