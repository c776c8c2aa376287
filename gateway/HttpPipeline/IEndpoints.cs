namespace MedCor.Gateway.HttpPipeline;

/// <summary>Maps endpoints. The constructor takes the services that the endpoints use.</summary>
internal interface IEndpoints
{
    void Map(IEndpointRouteBuilder app);
}
