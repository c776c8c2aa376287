using System.Reflection;
using MedCor.Contracts;

namespace MedCor.Platform.Messaging;

/// <summary>Describes the service that this process runs.</summary>
internal sealed record ServiceInfo(string Name, Assembly Assembly, IReadOnlyList<ToolDescriptor> Tools, IReadOnlyList<ResourceDescriptor> Resources);
