using System.Reflection;
using MedCor.ServiceDefaults.Resources;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.ServiceDefaults.Messaging;

/// <summary>Describes the service that this process runs.</summary>
internal sealed record ServiceInfo(string Name, Assembly Assembly, IReadOnlyList<ToolDescriptor> Tools, IReadOnlyList<ResourceDescriptor> Resources);
