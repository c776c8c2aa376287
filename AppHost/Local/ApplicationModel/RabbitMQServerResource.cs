namespace MedCor.Hosting.ApplicationModel;

/// <summary>A RabbitMQ broker.</summary>
public sealed class RabbitMQServerResource : ServerResource
{
    internal RabbitMQServerResource(string name, int? port) : base(name, 5672, port)
    {
    }

    private protected override string ConnectionString => $"amqp://guest:{Password}@localhost:{Port}";
}
