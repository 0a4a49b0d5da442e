package multus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/multus-cni/multus/pkg/config"
	"github.com/multus-cni/multus/pkg/plan"
	"github.com/multus-cni/multus/pkg/state"
)

// publish writes the status of the pod's networks and the event, with one
// budget for both.
func (p Plugin) publish(ctx context.Context, rec state.Record) error {
	if p.Cluster == nil || rec.Pod.IsZero() {
		return nil
	}
	list, err := statuses(rec)
	if err != nil {
		return err
	}
	status, err := p.annotation(list)
	if err != nil {
		return err
	}
	event := ""
	if p.Planner.Conf.Events {
		event = eventOf(list)
	}
	if status == nil && event == "" {
		return nil
	}
	writes, cancel := context.WithTimeout(ctx, p.Planner.Conf.APITimeout)
	defer cancel()
	err = p.Cluster.Publish(writes, rec.Pod, status, event)
	switch {
	case errors.Is(err, plan.ErrNotFound):
		p.Log.WithError(err).Warn("pod gone before its network status was written")
	case err != nil:
		return coded(types.ErrTryAgainLater, fmt.Errorf("network status of pod %s: %w", rec.Pod, err))
	}
	return nil
}

// annotation is the status as it is published, nil where it is not.
func (p Plugin) annotation(list []NetworkStatus) ([]byte, error) {
	switch {
	case p.Planner.Conf.NetworkStatus == config.StatusNever,
		p.Planner.Conf.NetworkStatus == config.StatusAdditional && len(list) < 2:
		return nil, nil
	}
	return json.Marshal(list)
}

// eventOf tells of the interfaces in one line.
func eventOf(list []NetworkStatus) string {
	var parts []string
	for _, s := range list {
		text := s.Interface
		if len(s.IPs) > 0 {
			text += " [" + strings.Join(s.IPs, " ") + "]"
		}
		parts = append(parts, text+" from "+s.Name)
	}
	return "Added " + strings.Join(parts, ", ")
}
