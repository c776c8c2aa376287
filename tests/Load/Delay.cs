namespace MedCor.Load;

/// <summary>Waits without blocking a thread.</summary>
internal static class Delay
{
    public static async Task For(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }
}
