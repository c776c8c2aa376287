using System.Reflection;
using MedCor.Contracts.Chat;

namespace MedCor.Contracts;

/// <summary>Describes a tool: the service that owns it, its permitted callers, its parameters and result, and whether it concerns reference data.</summary>
/// <param name="ClinicalContent">Where the results contain clinical content, every access to which is recorded; null when they contain none.</param>
public sealed record ToolDescriptor(string Name, string Service, Effect Effect, Callers Callers, string Description, Type Params,
    Type Result, bool IsReferenceData, ClinicalContentDescriptor? ClinicalContent)
{
    /// <summary>Gets the scope that an access token with scopes needs for a call.</summary>
    public Scope Scope { get; } = Scope.For(Service, ClinicalContent?.Resource ?? GetResource(Result), Effect);

    /// <summary>Gets whether the result is one entity of a resource, which has a maximum size.</summary>
    public bool ReturnsSingleEntity { get; } = Result.IsDefined(typeof(ResourceAttribute), inherit: false);

    /// <summary>Gets whether the results contain a secret.</summary>
    public bool ReturnsSecret { get; init; }

    /// <summary>Gets whether the sign-in policy of the caller's hospital can require that the caller has logged in recently.</summary>
    public bool RequiresStepUp { get; init; }

    /// <summary>
    /// Gets whether the results may contain a secret or health data: clinical content, or the answers to a guided prompt. Such a result is returned only to the
    /// caller who requested it, who is on record, and published nowhere else.
    /// </summary>
    public bool IsResultPrivate => ReturnsSecret || ClinicalContent is not null || Result == typeof(PromptSession);

    /// <summary>Returns the name of the resource whose entity or page of entities a result is; null when it is neither.</summary>
    private static string? GetResource(Type result) =>
        (result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Page<>) ? result.GetGenericArguments()[0] : result)
            .GetCustomAttribute<ResourceAttribute>()?.Name;
}
