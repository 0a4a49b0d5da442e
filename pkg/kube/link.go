package kube

import (
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
