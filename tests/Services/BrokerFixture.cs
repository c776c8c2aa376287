using MassTransit;
using MedCor.Contracts;

namespace MedCor.Tests.Services;

/// <summary>Publishes events through the system's broker, as a service does.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private MedCorFixture _system = null!;
    private IBusControl _bus = null!;

    public async Task InitializeAsync()
    {
        _system = await MedCorFixture.Get();
        _bus = await _system.StartBus();
    }

    public Task DisposeAsync() => _bus.StopAsync();

    /// <summary>Publishes an event without waiting until it is handled.</summary>
    public Task Publish<T>(T happened) where T : IntegrationEvent => _bus.Publish(happened);

    /// <summary>Publishes an event and waits until a service has handled it.</summary>
    public async Task PublishTo<T>(string service, T happened) where T : IntegrationEvent
    {
        await Publish(happened);
        await Wait.Until(async () => await QueryNumber(service, "SELECT count(*) FROM inbox WHERE event_id = $1", happened.EventId) == 1,
            $"{service} handled the event");
    }

    /// <summary>Returns a single number from a service's database.</summary>
    public Task<long> QueryNumber(string service, string sql, params object[] values) => _system.QueryNumber(service, sql, values);
}
