using MedCor.Contracts.Clinical;
using MedCor.Platform.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MedCor.Tests.Unit.Platform;

public class EventHandlersTests
{
    [Fact]
    public void An_event_has_any_number_of_handlers_or_one_projection()
    {
        Assert.Equal([typeof(Inbox<AppointmentCreated>)], Register(typeof(Handler), typeof(OtherHandler)));
        Assert.Equal([typeof(BatchInbox<AppointmentCreated>)], Register(typeof(Projection)));

        foreach (var types in (Type[][])[[typeof(Projection), typeof(OtherProjection)], [typeof(Handler), typeof(Projection)], [typeof(Projection),
            typeof(Handler)]])
            Assert.Contains(nameof(AppointmentCreated), Assert.Throws<InvalidOperationException>(() => Register(types)).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyCollection<Type> Register(params Type[] types) => new ServiceCollection().AddEventHandlers(types);

    private class Handler : IEventHandler<AppointmentCreated>
    {
        public Task HandleAsync(AppointmentCreated integrationEvent, CancellationToken ct) => throw new NotSupportedException();
    }

    private sealed class OtherHandler : Handler;

    private class Projection : IProjection<AppointmentCreated>
    {
        public NpgsqlBatchCommand Apply(IReadOnlyList<AppointmentCreated> events) => throw new NotSupportedException();
    }

    private sealed class OtherProjection : Projection;
}
