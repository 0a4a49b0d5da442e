package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"

	"github.com/multus-cni/multus/pkg/cnitest"
)

// gate is a server that lets everybody in, and remembers how they came.
type gate struct {
	server *httptest.Server
	refuse func(arrival) bool // answers 401; nil: nobody

	mu       sync.Mutex
	arrivals []arrival
}

// arrival is what of a kubeconfig shows at the server.
type arrival struct {
	Authorization string
	Certificate   string // its common name
	ServerName    string
	As            map[string][]string
	Encoding      string
}

func newGate(t *testing.T, secure bool) *gate {
	t.Helper()
	g := &gate{}
	g.server = httptest.NewUnstartedServer(g)
	g.server.EnableHTTP2 = true
	g.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	if secure {
		g.server.StartTLS()
	} else {
		g.server.Start()
	}
	t.Cleanup(g.server.Close)
	return g
}

// ServeHTTP answers as /readyz does.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := arrival{Authorization: r.Header.Get("Authorization"), Encoding: r.Header.Get("Accept-Encoding")}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "Impersonate-") {
			if a.As == nil {
				a.As = map[string][]string{}
			}
			a.As[name] = values
		}
	}
	if r.TLS != nil {
		a.ServerName = r.TLS.ServerName
		if certs := r.TLS.PeerCertificates; len(certs) > 0 {
			a.Certificate = certs[0].Subject.CommonName
		}
	}
	g.mu.Lock()
	g.arrivals = append(g.arrivals, a)
	g.mu.Unlock()
	if g.refuse != nil && g.refuse(a) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = io.WriteString(w, "ok")
}

// seen is how everybody came so far.
func (g *gate) seen() []arrival {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]arrival(nil), g.arrivals...)
}

func (g *gate) ca() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw}))
}

// pair is a certificate with its key, in PEM.
type pair struct{ cert, key string }

func newPair(t *testing.T, name string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	cnitest.Must(t, err)
	self, err := cert.NewSelfSignedCACert(cert.Config{CommonName: name}, key)
	cnitest.Must(t, err)
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	cnitest.Must(t, err)
	return pair{cert: string(pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: self.Raw})), key: string(text)}
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
