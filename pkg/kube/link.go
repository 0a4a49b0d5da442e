package kube

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
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
}

// newLink prepares a connection; it is opened by the first request.
func newLink(e *endpoint) (*link, error) {
	transport := &http.Transport{
		Proxy:               e.proxy,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
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
	return &link{
		http:  &http.Client{Transport: wrapped, CheckRedirect: stay},
		close: transport.CloseIdleConnections, // client-go's wrappers would not pass it on
		turn:  make(chan struct{}, 1),
	}, nil
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

// prompt gives a request up when its context ends even where what is beneath
// does not look at the context, as an exec plugin that fetches credentials.
type prompt struct {
	beneath http.RoundTripper
}

type answer struct {
	resp *http.Response
	err  error
}

// RoundTrip sends the request.
func (p prompt) RoundTrip(req *http.Request) (*http.Response, error) {
	answers := make(chan answer, 1)
	go func() {
		resp, err := p.beneath.RoundTrip(req)
		answers <- answer{resp, err}
	}()
	select {
	case a := <-answers:
		return a.resp, a.err
	case <-req.Context().Done():
		go discard(answers)
		return nil, context.Cause(req.Context())
	}
}

// discard closes an answer that nobody waits for any more.
func discard(answers <-chan answer) {
	if a := <-answers; a.err == nil {
		_ = a.resp.Body.Close() // nobody is left to be told
	}
}
