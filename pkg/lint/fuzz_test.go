package lint

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/multus-cni/multus/pkg/manifest"
)

// FuzzCheck checks whatever the files hold: it ends, and every finding says where
// and what.
func FuzzCheck(f *testing.F) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(string(file.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		objects, _ := manifest.Read(strings.NewReader(text), "-")
		for _, finding := range Check(t.Context(), objects) {
			if finding.Place == "" || finding.Subject == "" || finding.Error() == "" {
				t.Errorf("incomplete finding %+v", finding)
			}
		}
	})
}

// FuzzPlugin checks whatever a definition hands to a plugin that is known.
func FuzzPlugin(f *testing.F) {
	for _, rest := range []string{
		`"ipam":{"type":"host-local","ranges":[[{"subnet":"10.0.0.0/8","rangeStart":"10.0.0.9"}],[{"subnet":"::/0"}]]}`,
		`"ipam":{"type":"static","addresses":[{"address":"1.2.3.4/0","gateway":"::1"}],"routes":[{"dst":"0.0.0.0/0","gw":1}]}`,
		`"ipam":{"type":"whereabouts","range":"10.0.0.1-10.0.0.9/24","ipRanges":[{"range":"x-/"}]}`,
		`"links":[{"name":"a"},7],"linksInContainer":true,"sysctl":{"net/ipv4/conf/a/b":"1"},"master":null`,
	} {
		for kind := range schemas() {
			f.Add(kind, rest)
		}
	}
	f.Fuzz(func(t *testing.T, kind, rest string) {
		quoted := strings.ReplaceAll(`{"type":"`+kind+`",`+rest+`}`, "'", "''")
		text := "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: a}\nspec: {config: '" + quoted + "'}\n---\n" +
			"apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {k8s.v1.cni.cncf.io/networks: 'a, a'}}\n"
		objects, _ := manifest.Read(strings.NewReader(text), "-")
		Check(t.Context(), objects)
	})
}
