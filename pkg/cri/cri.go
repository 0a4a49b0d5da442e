// Package cri asks the container runtime of this node which sandboxes it knows.
//
// It makes its one call, with an empty request, over net/http's HTTP/2. With
// grpc-go and the generated client every start of the plugin would take more than
// a millisecond longer.
package cri

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Sandboxes are the IDs of the sandboxes that the runtime at a Unix socket knows,
// stopped ones among them.
func Sandboxes(ctx context.Context, socket string) (map[string]bool, error) {
	answer, err := call(ctx, strings.TrimPrefix(socket, "unix://"), "/runtime.v1.RuntimeService/ListPodSandbox")
	if err != nil {
		return nil, fmt.Errorf("sandboxes of the runtime at %s: %w", socket, err)
	}
	found := map[string]bool{}
	err = fields(answer, func(number uint64, sandbox []byte) error {
		if number != 1 { // items
			return nil
		}
		return fields(sandbox, func(number uint64, id []byte) error {
			if number == 1 {
				found[string(id)] = true
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("sandboxes of the runtime at %s: %w", socket, err)
	}
	return found, nil
}

// call makes a gRPC call with an empty request.
func call(ctx context.Context, socket, method string) ([]byte, error) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}
	defer transport.CloseIdleConnections()
	const empty = "\x00\x00\x00\x00\x00" // not compressed, no bytes
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+method, strings.NewReader(empty))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	status, message := response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
	if status == "" { // an answer of nothing but a status has it in the header
		status, message = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
	}
	switch {
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("more than %d bytes", maxAnswer)
	case status != "0":
		return nil, fmt.Errorf("HTTP status %d, gRPC status %q: %q", response.StatusCode, status, message)
	case len(body) < len(empty) || body[0] != 0 || int(binary.BigEndian.Uint32(body[1:])) != len(body)-len(empty):
		return nil, errors.New("not one plain gRPC message")
	}
	return body[len(empty):], nil
}

var errMalformed = errors.New("malformed protocol buffer")

// fields calls do for each field of a message that has bytes.
func fields(message []byte, do func(number uint64, value []byte) error) error {
	for r := bytes.NewReader(message); r.Len() > 0; {
		tag, err := binary.ReadUvarint(r)
		if err != nil {
			return errMalformed
		}
		var length uint64
		switch tag & 7 {
		case 0: // a number
			_, err = binary.ReadUvarint(r)
		case 1:
			length = 8
		case 2:
			length, err = binary.ReadUvarint(r)
		case 5:
			length = 4
		default:
			return errMalformed
		}
		if err != nil || length > uint64(r.Len()) {
			return errMalformed
		}
		value := message[len(message)-r.Len():][:length]
		if _, err := r.Seek(int64(length), io.SeekCurrent); err != nil {
			return errMalformed
		}
		if tag&7 != 2 {
			continue
		}
		if err := do(tag>>3, value); err != nil {
			return err
		}
	}
	return nil
}
