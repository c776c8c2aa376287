using System.Reflection;
using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Tests.Fixtures;

/// <summary>Lists the names of the live events that a gateway publishes.</summary>
internal static class LiveEventNames
{
    public static IReadOnlyList<string> All { get; } =
    [
        .. from field in typeof(LiveEvent).GetFields(BindingFlags.Public | BindingFlags.Static)
           where field.IsLiteral && field.Name.EndsWith("Event", StringComparison.Ordinal)
           select (string)field.GetRawConstantValue()!,
        .. NamedLiveEvents.All.Select(e => e.Name),
    ];
}
