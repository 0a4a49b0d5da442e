package cri

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// field is a field of bytes in a message.
func field(number int, value string) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(value)))) + value
}

// framed is a message as gRPC sends it.
func framed(message string) string {
	return "\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(message)))) + message
}

// runtime answers calls on a socket with the body, and with the status behind it.
func runtime(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: answer, Protocols: &protocols}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return socket
}

func answering(body, status string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request bytes.Buffer
		_, err := request.ReadFrom(r.Body)
		if err != nil || r.ProtoMajor != 2 || r.URL.Path != "/runtime.v1.RuntimeService/ListPodSandbox" ||
			r.Header.Get("Content-Type") != "application/grpc" || request.String() != framed("") {
			status, body = "3", ""
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status, Grpc-Message")
		fmt.Fprint(w, body)
		w.Header().Set("Grpc-Status", status)
		w.Header().Set("Grpc-Message", "as asked")
	}
}

func TestSandboxes(t *testing.T) {
	metadata := field(1, "pod") + field(2, "uid") + field(3, "ns") + "\x20\x01" // and a number
	ready := field(1, "c1") + field(2, metadata) + "\x18\x00" + "\x20\x80\x80\x01"
	stopped := field(1, "c2") + "\x18\x01" + "\x31\x01\x02\x03\x04\x05\x06\x07\x08" + "\x3d\x01\x02\x03\x04"
	for name, test := range map[string]struct {
		message string
		want    []string
	}{
		"none":                 {"", nil},
		"ready and stopped":    {field(1, ready) + field(1, stopped), []string{"c1", "c2"}},
		"fields of the future": {field(2, ready) + field(1, field(1, "c3")) + "\x28\x01", []string{"c3"}},
	} {
		t.Run(name, func(t *testing.T) {
			socket := runtime(t, answering(framed(test.message), "0"))
			got, err := Sandboxes(t.Context(), "unix://"+socket)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for id := range got {
				ids = append(ids, id)
			}
			slices.Sort(ids)
			if diff := cmp.Diff(test.want, ids); diff != "" {
				t.Errorf("sandboxes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSandboxesOfARuntimeThatFails(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"status":     {answering("", "12"), `gRPC status 12: "as asked"`},
		"no gRPC":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusNotFound) }, "HTTP status 404"},
		"no message": {answering("", "0"), "EOF"},
		"huge":       {answering(framed(strings.Repeat("x", 16<<20+1)), "0"), "16777216 are the most"},
		"hanging":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := runtime(t, test.answer)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if name == "hanging" {
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			defer cancel()
			got, err := Sandboxes(ctx, socket)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), socket) {
				t.Errorf("got %v and %v, want an error with %q", got, err, test.want)
			}
		})
	}
	if _, err := Sandboxes(t.Context(), "/no/such/socket"); err == nil || !strings.Contains(err.Error(), "/no/such/socket") {
		t.Errorf("no socket: %v", err)
	}
}
