package doctor

import (
	"debug/buildinfo"
	"debug/elf"
	"runtime"
)

const ownModule = "github.com/multus-cni/multus"

// build is from what a binary was built.
type build struct{ path, version, revision string }

func (b build) String() string {
	if b.version == "(devel)" && b.revision != "" {
		return b.revision[:min(len(b.revision), 12)]
	}
	return b.version
}

func buildOf(path string) (build, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return build{}, err
	}
	b := build{path: info.Path, version: info.Main.Version}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.revision = setting.Value
		}
	}
	return b, nil
}

// machine names the architecture that an ELF binary is for; "" where it is no ELF
// binary: a script, for one.
func machine(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	names := map[elf.Machine]string{
		elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_ARM: "arm", elf.EM_386: "386",
		elf.EM_PPC64: "ppc64le", elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x",
	}
	if name := names[f.Machine]; name != "" {
		return name
	}
	return f.Machine.String()
}

// foreign tells whether a binary is for another architecture than this one.
func foreign(path string) bool {
	m := machine(path)
	return m != "" && m != runtime.GOARCH
}
