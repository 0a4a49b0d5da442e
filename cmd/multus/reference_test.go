package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write docs/reference anew")

const reference = "../../docs/reference"

// TestReference holds docs/reference and the man pages to what --help prints: all
// three are one text.
func TestReference(t *testing.T) {
	want := map[string]string{}
	root := newRoot(streams{})
	index := "# multus\n\n" + helpBlock(t, root) + "\n| command | |\n|---|---|\n"
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" {
			continue
		}
		page := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
		index += "| [" + cmd.CommandPath() + "](" + page + ".md) | " + cmd.Short + " |\n"
		want[page+".md"] = "# " + cmd.CommandPath() + "\n\n" + helpBlock(t, cmd)
		want["man/"+page+".1"] = man(t, cmd, page)
	}
	want["multus.md"], want["man/multus.1"] = index, man(t, root, "multus")
	if *update {
		for name, text := range want {
			path := filepath.Join(reference, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		if have, err := os.ReadFile(filepath.Join(reference, name)); err != nil || string(have) != text {
			t.Errorf("docs/reference/%s is not what --help says (%v); go test ./cmd/multus -run TestReference -update", name, err)
		}
	}
	for _, pattern := range []string{"*.md", "man/*"} {
		files, err := filepath.Glob(filepath.Join(reference, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if name, _ := filepath.Rel(reference, file); want[name] == "" {
				t.Errorf("docs/reference/%s is of no command", name)
			}
		}
	}
}

// helpBlock is what --help prints, in a block.
func helpBlock(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var text bytes.Buffer
	cmd.SetOut(&text)
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	return "```\n" + text.String() + "```\n"
}

// man is the command's man page.
func man(t *testing.T, cmd *cobra.Command, page string) string {
	t.Helper()
	return string(md2man.Render([]byte("% " + strings.ToUpper(page) + " 1\n\n# NAME\n\n" + page + " - " + cmd.Short + "\n\n# DESCRIPTION\n\n" + helpBlock(t, cmd))))
}

// TestCalledByKubectl: kubectl finds its plugins by their names.
func TestCalledByKubectl(t *testing.T) {
	var out bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &out, err: &out, called: "kubectl multus"}
	if code := commandLine(t.Context(), std, []string{"explian"}); code != exitUsage || !strings.Contains(out.String(), "did you mean `kubectl multus explain`") {
		t.Errorf("%d: %s", code, out.String())
	}
	out.Reset()
	if code := commandLine(t.Context(), std, []string{"explain", "--help"}); code != exitOK || !strings.Contains(out.String(), "kubectl multus explain [POD]") {
		t.Errorf("%d: %s", code, out.String())
	}
}

// TestKrew holds the manifest for krew to what krew demands.
func TestKrew(t *testing.T) {
	text, err := os.ReadFile("../../images/krew.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Version          string `json:"version"`
			ShortDescription string `json:"shortDescription"`
			Homepage         string `json:"homepage"`
			Description      string `json:"description"`
			Platforms        []struct {
				Selector struct {
					MatchLabels map[string]string `json:"matchLabels"`
				} `json:"selector"`
				URI    string `json:"uri"`
				SHA256 string `json:"sha256"`
				Bin    string `json:"bin"`
				Files  []struct {
					From string `json:"from"`
					To   string `json:"to"`
				} `json:"files"`
			} `json:"platforms"`
		} `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(text, &manifest); err != nil {
		t.Fatal(err)
	}
	spec := manifest.Spec
	if manifest.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || manifest.Kind != "Plugin" || manifest.Metadata.Name != "multus" {
		t.Errorf("%s %s %s", manifest.APIVersion, manifest.Kind, manifest.Metadata.Name)
	}
	if !strings.HasPrefix(spec.Version, "v") || spec.ShortDescription == "" || len(spec.ShortDescription) > 60 || len(spec.Platforms) != 1 {
		t.Errorf("version %q, %q, %d platforms", spec.Version, spec.ShortDescription, len(spec.Platforms))
	}
	for _, p := range spec.Platforms {
		if p.Selector.MatchLabels["os"] != "linux" || p.Bin != "multus" || p.Files[0].From != p.Bin || !strings.Contains(p.URI, "/"+spec.Version+"/") {
			t.Errorf("%+v", p)
		}
	}
}
