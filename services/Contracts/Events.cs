using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>
/// Represents something that happened, published to every service that handles it. Event names are in the past tense, and events only ever gain fields.
/// </summary>
/// <param name="HospitalId">The ID of the hospital (tenant) in which it happened; null when it concerns the platform.</param>
/// <param name="Version">The version of the aggregate after the change, by which a late event is distinguished from a new one.</param>
public abstract record IntegrationEvent(Guid? HospitalId, long Version)
{
    /// <summary>Gets the permanent ID of the event, by which a service recognizes an event that it has already handled.</summary>
    public Guid EventId { get; init; } = Guid.CreateVersion7();

    /// <summary>Gets the time at which the event occurred.</summary>
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>
    /// Gets the update that subscribers of live events receive, or null when they receive none. An event that has one declares its resource with
    /// <see cref="LiveResourceAttribute"/>.
    /// </summary>
    [JsonIgnore]
    public virtual LiveUpdate? LiveUpdate => null;

    /// <summary>Returns whether the event can be from a service that sends it to one other service alone.</summary>
    public virtual bool MayBeSentBy(string service) => BrokerAccess.Publishes(service, GetType());
}

/// <summary>Specifies how a resource changed.</summary>
public enum Change { Created, Updated, Deleted }

/// <summary>Represents an event as subscribers of live events receive it.</summary>
/// <param name="Action">How the resource changed.</param>
/// <param name="Data">The entity in its current state.</param>
/// <param name="Audience">Who may receive the event.</param>
public sealed record LiveUpdate(Change Action, object Data, Audience Audience);

/// <summary>Specifies who in the event's hospital may see an event. Platform administrators see the events of every hospital.</summary>
/// <param name="Callers">The roles that may see the event, whomever it concerns.</param>
/// <param name="UserId">The ID of a user who may also see it: the patient or user whom it concerns.</param>
/// <param name="FurtherUserIds">The IDs of further users who may also see it; null when there are none.</param>
public sealed record Audience(Callers Callers, Guid? UserId = null, IReadOnlyList<Guid>? FurtherUserIds = null)
{
    /// <summary>Returns whether a caller may see the event, provided that the caller belongs to the event's hospital.</summary>
    public bool Includes(Callers kind, Guid userId) =>
        (kind != Callers.None && Callers.HasFlag(kind)) || UserId == userId || FurtherUserIds?.Contains(userId) == true;
}
