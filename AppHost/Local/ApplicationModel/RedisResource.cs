namespace MedCor.Hosting.ApplicationModel;

/// <summary>A Redis server.</summary>
public sealed class RedisResource : ServerResource
{
    internal RedisResource(string name, int? port) : base(name, 6379, port)
    {
    }

    private protected override string ConnectionString => $"localhost:{Port},password={Password}";
}
