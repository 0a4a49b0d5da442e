package netconf

// Dir is where networks on disk are found: folders in order of preference, the
// first that exists counts.
type Dir []string

// Found is a network found on disk.
type Found struct {
	List     List
	File     string   // absolute path
	Warnings []string // files skipped on the way and keys dropped, each with its reason
}

// Named finds the network whose JSON name is name: .conflist files before .conf
// and .json files, each by file name. ErrNotFound where there is none.
func (d Dir) Named(name string) (Found, error) { panic("stub") }

// First is the first file of the folder, by file name, that holds a usable network.
func First(folder string) (Found, error) { panic("stub") }

// File reads one file and, unless it says loadOnlyInlinedPlugins, appends the
// plugins of the sub-folder named after the network beside it (CNI specification, section 1).
func File(path string) (Found, error) { panic("stub") }

// Chain reads the folder's *.conf files, sorted by file name, as the plugins of
// one list called name; ErrNoPlugins where there is no such file or folder.
func Chain(folder, name, cniVersion string) (Found, error) { panic("stub") }
