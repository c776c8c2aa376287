using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Tests.Gateway.Events;

/// <summary>Something that happens by the thousand: a patient's chart was noted in, as the staff of a hospital hears it.</summary>
/// <param name="Number">Counts what happened.</param>
/// <param name="Text">What makes it long.</param>
internal sealed record NumberedEvent(Guid Hospital, int Number, string Text = "") : IntegrationEvent(Hospital, Number)
{
    public override LiveUpdate LiveUpdate => new("patients", Change.Updated, new { Number, Text }, new(Callers.Staff));

    /// <summary>Tells the listeners, in the way in which the gateway that hears it from the bus does.</summary>
    public Task AppendTo(LiveEventStore streams) => streams.AppendAsync(this, LiveEvent.FromIntegrationEvent(this, LiveUpdate));
}
