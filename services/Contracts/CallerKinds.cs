using System.ComponentModel;
using System.Numerics;
using System.Reflection;

namespace MedCor.Contracts;

/// <summary>Describes a role of callers.</summary>
/// <param name="Value">The role, a single column of the role matrix.</param>
/// <param name="Label">What a caller of the role is called, in the singular and in lower case.</param>
public sealed record CallerKind(Callers Value, string Label);

/// <summary>Lists the roles of callers with their labels, which are the descriptions of the members of <see cref="Callers"/>.</summary>
public static class CallerKinds
{
    /// <summary>Gets the roles in the order of the role matrix.</summary>
    public static IReadOnlyList<CallerKind> All { get; } = Read(typeof(Callers));

    /// <summary>Returns the label of a role.</summary>
    /// <param name="kind">A single role.</param>
    public static string GetLabel(Callers kind) => All.Single(k => k.Value == kind).Label;

    /// <summary>Reads the single roles of an enumeration of roles.</summary>
    /// <exception cref="InvalidOperationException">A role has no label.</exception>
    internal static IReadOnlyList<CallerKind> Read(Type callers) =>
        [.. from field in callers.GetFields(BindingFlags.Public | BindingFlags.Static)
            let value = (int)field.GetRawConstantValue()!
            where BitOperations.IsPow2(value)
            orderby value
            select new CallerKind((Callers)value, field.GetCustomAttribute<DescriptionAttribute>()?.Description
                ?? throw new InvalidOperationException($"The role {field.Name} has no [Description] with its label."))];
}
