/** How printable documents look: on paper A4 in black and white, on a screen as the sheet that will come out. */
export const DOCUMENT_STYLE = `
@page { size: A4; margin: 20mm 18mm; }
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #e9ecef; color: #1a1a1a; font: 10.5pt/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 210mm; min-height: 297mm; margin: 8mm auto; padding: 20mm 18mm; background: #fff; box-shadow: 0 1px 6px #0003; overflow-wrap: anywhere; }
h1 { margin: 0 0 6mm; font-size: 20pt; font-weight: 600; }
h2 { margin: 0 0 1mm; font-size: 8.5pt; font-weight: 600; text-transform: uppercase; letter-spacing: .06em; color: #555; }
p { margin: 0 0 2mm; }
.parties { display: grid; grid-template-columns: 1fr 1fr; gap: 10mm; margin-bottom: 10mm; }
.party p { margin: 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 1mm 6mm; margin: 0 0 8mm; }
.facts dt { color: #555; }
.facts dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 2mm 2mm 2mm 0; text-align: left; vertical-align: top; border-bottom: .3mm solid #ccc; }
th { font-weight: 600; overflow-wrap: normal; }
time { white-space: nowrap; }
.amount { padding-right: 0; padding-left: 3mm; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tfoot th, tfoot td { border: 0; padding-top: 1.2mm; padding-bottom: 1.2mm; }
tfoot th { text-align: right; font-weight: 400; }
tfoot .total th, tfoot .total td { font-weight: 700; border-top: .5mm solid #1a1a1a; }
tr { break-inside: avoid; }
.note { margin-top: 8mm; color: #555; }
.status { font-weight: 600; }
@media screen and (max-width: 720px) { main { margin: 0; padding: 6vw 5vw; min-height: 0; box-shadow: none; } .parties { grid-template-columns: 1fr; gap: 5mm; } table { font-size: 8.5pt; } th.amount { white-space: normal; } }
@media print { body { background: none; } main { max-width: none; min-height: 0; margin: 0; padding: 0; box-shadow: none; } }
`;
