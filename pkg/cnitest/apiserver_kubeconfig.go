package cnitest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// CA is the server's certificate authority, as PEM.
func (s *APIServer) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
}

// Kubeconfig is what a kubeconfig file for the server holds, with the user given
// as kubeconfig's JSON: {"token": "…"} or {"tokenFile": "…"}.
func (s *APIServer) Kubeconfig(user any) ([]byte, error) {
	type named map[string]any
	document := map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "multus",
		"clusters": []named{{"name": "local", "cluster": map[string]any{
			"server": s.URL(), "certificate-authority-data": s.CA(),
		}}},
		"users":    []named{{"name": "multus", "user": user}},
		"contexts": []named{{"name": "multus", "context": map[string]string{"cluster": "local", "user": "multus"}}},
	}
	return json.MarshalIndent(document, "", "  ")
}

// WriteKubeconfig writes a kubeconfig file for the server.
func (s *APIServer) WriteKubeconfig(path string, user any) error {
	data, err := s.Kubeconfig(user)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	return os.WriteFile(path, data, 0o600)
}

// KubeconfigFile writes a kubeconfig file with the server's token of now into a
// directory of the test, and returns its path.
func (s *APIServer) KubeconfigFile(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	token := s.token
	s.mu.Unlock()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := s.WriteKubeconfig(path, map[string]string{"token": token}); err != nil {
		t.Fatal(err)
	}
	return path
}
