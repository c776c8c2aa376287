using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;

namespace MedCor.Hosting.Servers;

/// <summary>What the three servers have in common: a port, a password and a directory.</summary>
internal abstract class Server(ServerResource resource, DataDirectory data) : Workload
{
    private bool _hasBeenHealthy;

    public override Task PrepareAsync(Log log, CancellationToken ct)
    {
        // Its clients know the address once it has been healthy; before, another program may have taken the port since it was chosen.
        if (!_hasBeenHealthy && !Ports.IsFree(resource.Port))
        {
            Allocate();
        }

        return Task.CompletedTask;
    }

    public override Task CompleteAsync(Log log, CancellationToken ct)
    {
        _hasBeenHealthy = true;
        return Task.CompletedTask;
    }

    /// <summary>Gives the server its port and password.</summary>
    public void Allocate() =>
        resource.Allocate(resource.FixedPort ?? data.Ports.For(resource.Name, resource.UsualPort), data.PasswordOf(resource.Name));
}
