package rpc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/multus-cni/multus/pkg/fault"
)

// Conn calls what listens on a Unix socket.
type Conn struct {
	transport *http.Transport
}

// maxAnswer bounds an answer, in bytes: as the clients of kubelets and runtimes do.
const maxAnswer = 16 << 20

// Status codes of gRPC.
const (
	ResourceExhausted = 8
	Unavailable       = 14
)

// StatusError is a call that the server answered with an error.
type StatusError struct {
	Code    int
	Message string
}

// Error is the code and what the server says.
func (e StatusError) Error() string {
	return fmt.Sprintf("gRPC status %d: %s", e.Code, fault.Quote(e.Message))
}

// Dial prepares calls to a socket; nothing is opened yet.
func Dial(path string) Conn {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return Conn{&http.Transport{
		Protocols:          protocols,
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
}

// Close ends what calls left open.
func (c Conn) Close() { c.transport.CloseIdleConnections() }

// Call sends a message to a method, /package.Service/Method, and returns the one
// that is answered.
func (c Conn) Call(ctx context.Context, method string, message []byte) (Message, error) {
	framed := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+method, bytes.NewReader(framed)) // sound
	req.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "application/grpc") {
		return nil, fmt.Errorf("no gRPC server: HTTP status %d, content type %s", resp.StatusCode, fault.Quote(kind))
	}
	answer, err := readFrame(resp.Body)
	if err == nil || errors.Is(err, io.EOF) {
		err = cmp.Or(statusOf(resp), err)
	}
	if err != nil {
		return nil, err
	}
	return Parse(answer)
}

// readFrame reads a body of one message. io.EOF: there is none.
func readFrame(body io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(body, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	switch {
	case head[0] != 0:
		return nil, errors.New("a compressed answer, which was not asked for")
	case size > maxAnswer:
		return nil, fmt.Errorf("an answer of %d bytes; %d are the most that is read", size, maxAnswer)
	}
	data, err := io.ReadAll(io.LimitReader(body, int64(size)+1))
	if err == nil && len(data) != int(size) {
		err = fmt.Errorf("an answer of another length than the %d bytes that it says", size)
	}
	return data, err
}

// statusOf is the error that the server told, after the body or instead of one.
func statusOf(resp *http.Response) error {
	from := resp.Trailer
	if resp.Header.Get("Grpc-Status") != "" {
		from = resp.Header
	}
	code, err := strconv.Atoi(from.Get("Grpc-Status"))
	if err != nil {
		return errors.New("an answer without a gRPC status")
	}
	if code == 0 {
		return nil
	}
	message, err := url.PathUnescape(from.Get("Grpc-Message"))
	if err != nil {
		message = from.Get("Grpc-Message")
	}
	return StatusError{code, message}
}
