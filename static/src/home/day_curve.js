import { Component, onWillStart, useEffect, useRef } from '@odoo/owl';
import { loadBundle } from '@web/core/assets';
import { cookie } from '@web/core/browser/cookie';
import { getColor, getCustomColor, hexToRGBA } from '@web/core/colors/colors';
import { humanNumber } from '@web/core/utils/numbers';

/** What each day has brought; a click on a day opens its payments. */
export class DayCurve extends Component {
    static template = 'payment_qpay.DayCurve';
    static props = {
        days: Array,
        onDay: Function,
    };

    setup() {
        this.canvas = useRef('canvas');
        onWillStart(() => loadBundle('web.chartjs_lib'));
        useEffect((days) => {
            const chart = new Chart(this.canvas.el, this.getConfig(days));
            return () => chart.destroy();
        }, () => [this.props.days]);
    }

    getConfig(days) {
        const scheme = cookie.get('color_scheme');
        const color = getColor(3, scheme, 'odoo');
        const labelColor = getCustomColor(scheme, '#495057', '#E4E4E4');
        const gridColor = getCustomColor(scheme, '#d8dadd', '#3C3E4B');
        return {
            type: 'line',
            data: {
                labels: days.map(({ day }) => day),
                datasets: [{
                    data: days.map(({ amount }) => amount),
                    borderColor: color,
                    backgroundColor: hexToRGBA(color, .2),
                    borderWidth: 2,
                    pointRadius: days.length > 62 ? 0 : 3,
                    fill: 'start',
                }],
            },
            options: {
                maintainAspectRatio: false,
                interaction: { mode: 'index', intersect: false },
                onClick: (_event, [point]) => point && this.props.onDay(days[point.index]),
                plugins: {
                    legend: { display: false },
                    tooltip: { callbacks: { label: ({ dataIndex }) => days[dataIndex].text } },
                },
                scales: {
                    x: {
                        grid: { display: false },
                        ticks: { color: labelColor, maxRotation: 0, autoSkipPadding: 16 },
                    },
                    y: {
                        beginAtZero: true,
                        grid: { color: gridColor },
                        ticks: {
                            color: labelColor,
                            maxTicksLimit: 6,
                            callback: (value) => humanNumber(value, { decimals: 1 }),
                        },
                    },
                },
            },
        };
    }
}
