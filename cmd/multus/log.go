package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/logfile"
)

// newLog is the logger that a configuration asks for. It does not touch the log
// file before the first line whose level passes: most runs of a plugin have
// nothing to say.
func newLog(c config.Log, stderr io.Writer) *logrus.Logger {
	log := logrus.New()
	log.SetOutput(newLogOutput(c, stderr))
	log.SetLevel(logLevel(c))
	log.SetFormatter(logFormat(c))
	return log
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

// logOutput hands each line to standard error, to the log file, or to both. The
// logger calls it once at a time.
type logOutput struct {
	stderr   io.Writer
	toStderr bool
	file     *logfile.File // nil: none was asked for
	warned   map[string]bool
}

func newLogOutput(c config.Log, stderr io.Writer) *logOutput {
	out := &logOutput{stderr: stderr, toStderr: c.ToStderr, warned: map[string]bool{}}
	if c.File != "" {
		out.file = &logfile.File{Conf: c, Warn: out.warn}
	}
	return out
}

// Write takes one line. It never fails: a log that cannot be written must not
// cost a pod its network, so the line goes to standard error instead.
func (o *logOutput) Write(line []byte) (int, error) {
	toStderr := o.toStderr
	if o.file != nil {
		if _, err := o.file.Write(line); err != nil {
			o.warn(err)
			toStderr = true
		}
	}
	if toStderr {
		_, _ = o.stderr.Write(line)
	}
	return len(line), nil
}

// warn says each thing once, or a full disk would double every line.
func (o *logOutput) warn(err error) {
	text := fmt.Sprintf("multus: log file: %v\n", err)
	if !o.warned[text] {
		o.warned[text] = true
		_, _ = io.WriteString(o.stderr, text)
	}
}

// tidyLogCommand is for the log file itself, which calls it.
func tidyLogCommand() *cobra.Command {
	return &cobra.Command{
		Use: logfile.TidyCommand, Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var conf config.Log
			if err := json.Unmarshal([]byte(args[0]), &conf); err != nil {
				return err
			}
			return logfile.Tidy(conf, time.Now())
		},
	}
}
