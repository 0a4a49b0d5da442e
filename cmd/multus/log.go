package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/multus-cni/multus/pkg/config"
)

// newLog is the logger that a configuration asks for, and what is to be closed
// once nothing more is logged. Neither touches the log file before the first
// line whose level passes: most runs of a plugin have nothing to say.
func newLog(c config.Log, stderr io.Writer) (*logrus.Logger, io.Closer) {
	out := &logOutput{stderr: stderr, toStderr: c.ToStderr}
	if c.File != "" {
		out.file = &logFile{conf: c, warn: out.warn}
	}
	log := logrus.New()
	log.SetOutput(out)
	log.SetLevel(logLevel(c))
	log.SetFormatter(logFormat(c))
	return log, out
}

// logLevel is panic, at which nothing is formatted, where no line could go anywhere.
func logLevel(c config.Log) logrus.Level {
	if c.File == "" && !c.ToStderr {
		return logrus.PanicLevel
	}
	level, err := logrus.ParseLevel(c.Level)
	if err != nil {
		return logrus.PanicLevel
	}
	return level
}

// logFormat quotes control characters in either format, so that one entry is
// one line whatever an annotation holds.
func logFormat(c config.Log) logrus.Formatter {
	const stamp = "2006-01-02T15:04:05.000Z07:00"
	if c.JSON {
		return &logrus.JSONFormatter{TimestampFormat: stamp, DisableHTMLEscape: true}
	}
	return &logrus.TextFormatter{TimestampFormat: stamp, FullTimestamp: true, DisableColors: true}
}

// logOutput hands each line to standard error, to the log file, or to both.
type logOutput struct {
	stderr   io.Writer
	toStderr bool

	mu     sync.Mutex
	file   *logFile // nil: none was asked for
	warned sync.Map // texts of warnings given
}

// Write takes one line. It never fails: a log that cannot be written must not
// cost a pod its network, so the line goes to standard error instead.
func (o *logOutput) Write(line []byte) (int, error) {
	toStderr := o.toStderr
	if o.file != nil && !o.toFile(line) {
		toStderr = true
	}
	if toStderr {
		_, _ = o.stderr.Write(line)
	}
	return len(line), nil
}

func (o *logOutput) toFile(line []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.file.append(line); err != nil {
		o.warn(err)
		return false
	}
	return true
}

// warn says each thing once, or a full disk would double every line.
func (o *logOutput) warn(err error) {
	text := fmt.Sprintf("multus: log file: %v\n", err)
	if _, again := o.warned.LoadOrStore(text, true); !again {
		_, _ = io.WriteString(o.stderr, text)
	}
}

// Close waits for old log files that are being compressed.
func (o *logOutput) Close() error {
	if o.file == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.file.close()
}
