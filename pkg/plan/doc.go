// Package plan decides which networks a pod gets: which, in what order, under
// which interface names, and with which requests to their plugins. It reads the
// definitions, the node's files and the pod's devices, and changes nothing, so
// that everything that can be refused is refused before the first plugin runs.
//
// The rules, in the order in which they are applied:
//
//  1. The default network comes first and is the master: its interface has the
//     runtime's name (CNI_IFNAME) and its result is the answer to the runtime. It
//     is the one that the pod's annotation v1.multus-cni.io/default-network names,
//     else clusterNetwork, else the first of the delegates. An unqualified name in
//     that annotation is looked for in multusNamespace. Where neither the pod nor
//     the configuration names one, the first network of the pod's own list is the
//     master, or, with no such list, the first of defaultNetworks.
//  2. Then the other delegates, and defaultNetworks unless the pod's namespace is
//     among systemNamespaces.
//  3. Then the networks of the pod's annotation k8s.v1.cni.cncf.io/networks, in its
//     order; an unqualified name is of the pod's namespace. One network may be
//     there several times.
//  4. Last the auxiliary chain, where there is one.
//  5. With legacyNetworks, the older annotation `networks` takes the place of 1 to
//     3: its first network is the master, the others follow in order.
//  6. An annotation with any fault selects nothing; all its faults are told at
//     once. So is one that asks for networks where there is no API server to look
//     them up. With namespaceIsolation a pod may use definitions of its own and of
//     the global namespaces alone, and for its default network those of
//     multusNamespace and defaultNetworkNamespaces.
//  7. A definition's configuration is its spec.config; without, the network on disk
//     that has its name. A name in the configuration is a definition in
//     multusNamespace, else a network on disk; with a / it is a file, or a directory
//     whose first usable file counts. All definitions are asked for in one call.
//  8. No network may run Multus itself, or a plugin whose binary is missing or not
//     executable; of IPAM plugins this is known only for the plugins that execute
//     them. Definitions and files found by name may only run allowedPlugins.
//  9. Names that selections ask for, and CNI_IFNAME, are reserved; none can be had
//     twice. Then the others are named in order: net<N>, where N is
//     firstInterfaceIndex plus the position among all networks but the master, or,
//     where that is taken, the lowest free one from firstInterfaceIndex.
//  10. What a selection asks for (ips, mac, portMappings, bandwidth,
//     infiniband-guid) goes to its own network as runtimeConfig; what the runtime
//     asks for goes to the master alone. A request whose capability no plugin of
//     the network declares is refused; ips and mac go into CNI_ARGS instead, to be
//     compared with the result, unless unsupportedRequests says otherwise.
//  11. A network with a resource gets one of the devices that the kubelet gave the
//     pod for it, in order of use over all networks, after those that selections
//     name themselves, and none twice. Where none is left the pod is refused. Where
//     the pod was given none at all it is refused if a plugin declares deviceID;
//     else the resource is a mark for the scheduler.
//  12. One selection of a pod may carry its default route.
package plan
