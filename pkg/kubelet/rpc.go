package kubelet

import (
	"bytes"
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

// connection makes gRPC calls over a unix socket: one request, one answer, on
// net/http, which is linked anyhow. google.golang.org/grpc would add a third to
// each start of the plugin, also where no device is asked for.
type connection struct {
	transport *http.Transport
}

// maxAnswer bounds an answer, in bytes: as the kubelet's own client does.
const maxAnswer = 16 << 20

// gRPC status codes.
const (
	codeOK                = 0
	codeResourceExhausted = 8
	codeUnavailable       = 14
)

// statusError is a call that the server answered with an error.
type statusError struct {
	code    int
	message string
}

func (e statusError) Error() string {
	return fmt.Sprintf("%s (gRPC status %d)", fault.Clip(e.message, 256), e.code)
}

// dial prepares calls to a socket.
func dial(path string) connection {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return connection{&http.Transport{
		Protocols:          protocols,
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
}

func (c connection) close() { c.transport.CloseIdleConnections() }

// call sends one message and returns the one that is answered.
func (c connection) call(ctx context.Context, method string, message []byte) ([]byte, error) {
	framed := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+method, bytes.NewReader(framed))
	if err != nil {
		return nil, err
	}
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
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if refused := statusOf(resp); refused != nil {
		return nil, refused
	}
	return answer, err
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
	if code == codeOK {
		return nil
	}
	message, err := url.PathUnescape(from.Get("Grpc-Message"))
	if err != nil {
		message = from.Get("Grpc-Message")
	}
	return statusError{code, message}
}
