using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Tests.EndToEnd.LiveEvents;

/// <summary>Represents an event that tests create by the thousand: a change to a patient, as a hospital's staff receives it.</summary>
/// <param name="Number">The number of the event.</param>
/// <param name="Text">Text that makes the event long.</param>
[LiveResource("patients")]
internal sealed record NumberedEvent(Guid Hospital, int Number, string Text = "") : IntegrationEvent(Hospital, Number)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, new { Number, Text }, new(Callers.Staff));

    /// <summary>Appends the event to the store, as the gateway does that consumes it from the bus.</summary>
    public Task AppendTo(LiveEventStore streams) => streams.AppendAsync(this, LiveEvent.FromIntegrationEvent(this, LiveUpdate));
}
