using System.Text.Json.Serialization;

namespace MedCor.Contracts;

/// <summary>Something that happened, told to every service that wants to know. Named in the past tense; only ever gains fields.</summary>
/// <param name="HospitalId">The tenant it happened in; none when it concerns the platform.</param>
/// <param name="Version">The version of the aggregate that it left behind, so that a late one can be told from a new one.</param>
public abstract record IntegrationEvent(Guid? HospitalId, long Version)
{
    /// <summary>Identifies this event for good: who has seen it has handled it.</summary>
    public Guid EventId { get; init; } = Guid.CreateVersion7();

    /// <summary>When it happened.</summary>
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>What listeners are shown of it, if anything.</summary>
    [JsonIgnore]
    public virtual LiveUpdate? LiveUpdate => null;
}

/// <summary>What happened to a resource.</summary>
public enum Change { Created, Updated, Deleted }

/// <summary>An event as its listeners see it.</summary>
/// <param name="Resource">The resource's name, as in <c>/api/mcp/resources/{resource}</c>.</param>
/// <param name="Action">What happened to it.</param>
/// <param name="Data">The entity as it now is.</param>
/// <param name="Audience">Who may see it.</param>
/// <param name="AdditionalEventName">An event name of its own under which the entity is told too, such as <c>appointment_created</c>.</param>
public sealed record LiveUpdate(string Resource, Change Action, object Data, Audience Audience, string? AdditionalEventName = null);

/// <summary>Who, within the event's hospital, may see an event. The platform administrator sees every hospital's.</summary>
/// <param name="Callers">The roles that may, whoever it is about.</param>
/// <param name="UserId">A person who may besides them: the patient or user it is about.</param>
public sealed record Audience(Callers Callers, Guid? UserId = null)
{
    /// <summary>Whether somebody may see it, given the event's own hospital.</summary>
    public bool Includes(Callers kind, Guid userId) => (kind != Callers.None && Callers.HasFlag(kind)) || UserId == userId;
}
