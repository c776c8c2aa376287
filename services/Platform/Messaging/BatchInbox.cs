using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Messaging;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>Passes an event to its projection, in a batch with others that arrive at about the same time.</summary>
internal sealed class BatchInbox<TEvent>(EventBatcher batcher, IProjection<TEvent> projection) : EventConsumer<TEvent> where TEvent : IntegrationEvent
{
    protected override Task ReceiveAsync(ConsumeContext<TEvent> context) =>
        batcher.ApplyAsync(new Pending(context.Message, projection), context.CancellationToken);

    private sealed class Pending(TEvent integrationEvent, IProjection<TEvent> projection) : PendingEvent(integrationEvent, projection.GetType())
    {
        internal override NpgsqlBatchCommand Apply(IEnumerable<IntegrationEvent> events) => projection.Apply([.. events.Cast<TEvent>()]);
    }
}

/// <summary>Represents an event that waits to be applied by its projection.</summary>
internal abstract class PendingEvent(IntegrationEvent integrationEvent, Type projection)
{
    private readonly TaskCompletionSource _applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal IntegrationEvent Event => integrationEvent;

    /// <summary>Gets the type of the projection, which has one statement for all events of a type and a hospital.</summary>
    internal Type Projection => projection;

    /// <summary>Gets a task that completes once the event is applied, or fails.</summary>
    internal Task Applied => _applied.Task;

    /// <summary>Returns the projection's statement for events of the same type.</summary>
    internal abstract NpgsqlBatchCommand Apply(IEnumerable<IntegrationEvent> events);

    internal void Complete() => _applied.TrySetResult();

    internal void Fail(Exception e) => _applied.TrySetException(e);
}
