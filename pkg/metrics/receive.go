package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
)

// Receive counts what plugins leave on the socket in the state directory, until the
// context ends. Where another installer runs, its socket gives way: it is the newer
// one's node.
func (c *Counters) Receive(ctx context.Context, stateDir string) error {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	path := socketIn(stateDir)
	conn, err := listen(path)
	if err != nil {
		return fmt.Errorf("socket %s: %w", path, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	buffer := make([]byte, maxOutcome)
	for {
		n, err := conn.Read(buffer)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("socket %s: %w", path, err)
		}
		var o Outcome
		if json.Unmarshal(buffer[:n], &o) == nil {
			c.Add(o)
		}
	}
}

// listen makes the socket under another name and renames it: a plugin finds the
// older one or this one. Only root may write to it.
func listen(path string) (*net.UnixConn, error) {
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: temporary, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	err = os.Chmod(temporary, 0o600)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}
